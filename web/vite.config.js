// How the playground becomes static files in dist/, which the binary embeds: everything bundled, each file but the page
// itself with a hash of its content in its name, all of it compressed.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { defineConfig } from "vite";

const dist = fileURLToPath(new URL("dist", import.meta.url));
const built = fileURLToPath(new URL("build", import.meta.url));
/** Keeps dist/ in the repository. */
const kept = ".gitignore";

/** Fills dist/ with what was built, each file as its gzip. A build that fails leaves dist/ as it was. */
function packed() {
  return {
    name: "packed",
    apply: "build",
    closeBundle(failure) {
      if (failure) return;
      for (const name of readdirSync(dist)) {
        if (name !== kept) rmSync(join(dist, name), { recursive: true });
      }
      for (const entry of readdirSync(built, { withFileTypes: true, recursive: true })) {
        if (!entry.isFile()) continue;
        const path = join(entry.parentPath ?? entry.path, entry.name);
        const target = join(dist, relative(built, path));
        mkdirSync(dirname(target), { recursive: true });
        // No time stamp is in it (Node writes none), so the same sources give the same bytes.
        writeFileSync(`${target}.gz`, gzipSync(readFileSync(path), { level: 9 }));
      }
      rmSync(built, { recursive: true });
    },
  };
}

/** The licences of everything that is bundled, as they want to be passed on with it. */
function licences() {
  const packages = new Map();
  const collect = {
    name: "licences-collect",
    apply: "build",
    moduleParsed({ id }) {
      const found = /^\0?(.*\/node_modules\/((?:@[^/]+\/)?[^/]+))\//.exec(id.replaceAll("\\", "/"));
      if (found) packages.set(found[2], found[1]);
    },
  };
  const write = {
    name: "licences-write",
    apply: "build",
    generateBundle() {
      const texts = [...packages.keys()].sort().map((name) => {
        const home = packages.get(name);
        const { version, license } = JSON.parse(readFileSync(join(home, "package.json"), "utf8"));
        const file = readdirSync(home).find((entry) => /^licen[cs]e/i.test(entry));
        return `${name} ${version} (${license})\n\n${file ? readFileSync(join(home, file), "utf8").trim() : ""}\n`;
      });
      this.emitFile({ type: "asset", name: "licences.txt", source: texts.join(`\n${"-".repeat(80)}\n\n`) });
    },
  };
  return { collect, write };
}

const { collect, write } = licences();

export default defineConfig({
  base: "/playground/",
  build: {
    outDir: built,
    target: "es2022",
    // A font or a picture is a file of its own rather than text in a style sheet.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The editor is large and is wanted whole.
    chunkSizeWarningLimit: 4096,
    rollupOptions: {
      onwarn(warning, warn) {
        // "use client", which means something to servers that render React.
        if (warning.code !== "MODULE_LEVEL_DIRECTIVE") warn(warning);
      },
    },
  },
  worker: { format: "es", plugins: () => [collect] },
  // `npx vite` serves the sources as they are edited, and asks a running server for the rest.
  server: { proxy: { "^/(graphql|healthz)": { target: process.env.SPIKE_URL ?? "http://127.0.0.1:8080", ws: true } } },
  plugins: [collect, write, packed()],
});
