// Runs a WebAssembly program (WASI preview 1) on files: `node run.mjs PROGRAM.wasm FOLDER FILE...`. It sees the folder and
// nothing else; its exit code is ours.
import { readFile } from "node:fs/promises";
import { argv, exit } from "node:process";
import { WASI } from "node:wasi";

const [program, folder, ...files] = argv.slice(2);
const wasi = new WASI({ version: "preview1", args: [program, ...files], preopens: { "/": folder }, returnOnExit: true });
const module = await WebAssembly.compile(await readFile(program));
const instance = await WebAssembly.instantiate(module, wasi.getImportObject());
exit(wasi.start(instance));
