// Just enough of RFC 6455 for hints: text frames under 126 bytes, no extensions, no fragments.
import { createHash } from "node:crypto";

const MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Accepts an upgrade, calls `onToken` with the first frame's token, and returns a function that sends JSON. */
export function acceptLive(request, socket, onToken) {
  const accept = createHash("sha1").update(request.headers["sec-websocket-key"] + MAGIC).digest("base64");
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  const send = (value) => {
    const payload = Buffer.from(JSON.stringify(value));
    if (!socket.destroyed) socket.write(Buffer.concat([Buffer.from([0x81, payload.length]), payload]));
  };
  socket.on("error", () => socket.destroy());
  socket.on("data", (frame) => {
    if ((frame[0] & 0x0f) === 8) return socket.end();
    const text = unmask(frame);
    if (text) onToken(JSON.parse(text).token);
  });
  return send;
}

function unmask(frame) {
  const length = frame[1] & 0x7f;
  if (length > 125 || frame.length < 6 + length) return "";
  const mask = frame.subarray(2, 6);
  return Buffer.from(frame.subarray(6, 6 + length).map((byte, index) => byte ^ mask[index % 4])).toString();
}
