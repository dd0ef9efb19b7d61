// Everything CI asks of the widget: types, tests, size, and that dist is what the sources build.
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { bundle, gzippedBytes, target } from "./build.mjs";

const MOST_GZIPPED_BYTES = 15_000;
const MOST_LINES = 300;
const here = dirname(fileURLToPath(import.meta.url));

function run(program, ...args) {
  const { status } = spawnSync(program, args, { cwd: here, stdio: "inherit" });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} failed`);
}

function checkTypes() {
  const tsc = join(here, "node_modules", "typescript", "bin", "tsc");
  for (const project of [".", "test"]) run(process.execPath, tsc, "--noEmit", "--project", project);
}

async function runTests() {
  const tests = (await readdir(join(here, "test"))).filter((name) => name.endsWith(".test.ts"));
  const folder = await mkdtemp(join(tmpdir(), "widget-tests-"));
  try {
    await build({
      absWorkingDir: here,
      entryPoints: tests.map((name) => join("test", name)),
      outdir: folder,
      outExtension: { ".js": ".mjs" },
      bundle: true,
      platform: "node",
      format: "esm",
      target: "node20",
      sourcemap: "inline",
    });
    const built = tests.map((name) => join(folder, name.replace(/\.ts$/, ".mjs")));
    run(process.execPath, "--enable-source-maps", "--test", "--test-reporter=spec", ...built);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function checkSources() {
  const names = await readdir(join(here, "src"), { recursive: true });
  for (const name of names.filter((each) => /\.(ts|css)$/.test(each))) {
    const text = await readFile(join(here, "src", name), "utf8");
    if (text.split("\n").length > MOST_LINES) throw new Error(`src/${name} has more than ${MOST_LINES} lines`);
    const forbidden = /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|document\.cookie|: any\b|as any\b/.exec(text);
    if (forbidden) throw new Error(`src/${name} uses ${forbidden[0]}`);
    if (!name.endsWith("words.ts") && /\p{Script=Han}/u.test(text.replace("找人工：", "").replace(/\/\*[^]*?\*\/|\/\/.*/g, ""))) {
      throw new Error(`src/${name} holds Chinese text; it belongs in words.ts`);
    }
  }
}

async function checkBundle() {
  const fresh = await bundle();
  const committed = await readFile(target, "utf8").catch(() => "");
  if (fresh !== committed) throw new Error("dist/merchant-support.js is not what the sources build: npm run build");
  const size = gzippedBytes(fresh);
  console.log(`dist/merchant-support.js: ${size} bytes gzipped of ${MOST_GZIPPED_BYTES} allowed`);
  if (size > MOST_GZIPPED_BYTES) throw new Error("dist/merchant-support.js is too large");
  if (/[^\x00-\x7f]/.test(fresh)) throw new Error("the bundle is not ASCII: a host page in GBK would garble it");
  if (/https?:\/\/(?!www\.w3\.org\/2000\/svg)/.test(fresh)) throw new Error("the bundle names another server");
}

try {
  checkTypes();
  await checkSources();
  await runTests();
  await checkBundle();
} catch (error) {
  console.error(`check failed: ${error.message}`);
  process.exitCode = 1;
}
