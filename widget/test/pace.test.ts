import assert from "node:assert/strict";
import { test } from "node:test";
import { backoffMs } from "../src/backoff";
import { Pace } from "../src/pace";

const closed = { isOpen: false, isVisible: true, isLive: false, hasUnsent: false, awaitsPerson: false };
const fullWait = (): number => 1;

test("waits double from one second and never pass thirty", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 6, 99].map((n) => backoffMs(n, fullWait)), [1, 2, 4, 8, 16, 30, 30, 30].map((s) => s * 1000));
});

test("jitter shortens a wait by half at most", () => {
  assert.equal(backoffMs(5, () => 0), 15_000);
});

test("a closed widget with nothing to wait for asks for nothing", () => {
  assert.equal(new Pace().delayMs(closed), null);
});

test("a closed widget with an open ticket polls lightly, and only in the foreground", () => {
  const waiting = { ...closed, awaitsPerson: true };
  assert.equal(new Pace().delayMs(waiting), 60_000);
  assert.equal(new Pace().delayMs({ ...waiting, isVisible: false }), null);
});

test("an open widget polls every fifteen seconds until live hints take over", () => {
  assert.equal(new Pace().delayMs({ ...closed, isOpen: true }), 15_000);
  assert.equal(new Pace().delayMs({ ...closed, isOpen: true, isLive: true }), 60_000);
});

test("unsent messages are retried with growing waits, also in the background", () => {
  const pace = new Pace(Date.now, fullWait);
  const waits = [1, 2, 3].map(() => {
    pace.missed();
    return pace.delayMs({ ...closed, isVisible: false, hasUnsent: true });
  });
  assert.deepEqual(waits, [1000, 2000, 4000]);
  pace.reached();
  assert.equal(pace.isOffline, false);
});

test("haste is forgiven three times before a person must decide", () => {
  let now = 0;
  const pace = new Pace(() => now);
  assert.equal(pace.slowDown(5000), true);
  assert.equal(pace.delayMs({ ...closed, isOpen: true }), 5000);
  now = 5000;
  assert.equal(pace.isSlowed, false);
  assert.deepEqual([pace.slowDown(1), pace.slowDown(1), pace.slowDown(1)], [true, true, false]);
  pace.accepted();
  assert.equal(pace.slowDown(1), true);
});
