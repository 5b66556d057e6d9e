// How the playground becomes static files in dist/, which the binary embeds: everything bundled, each file but the page
// itself with a hash of its content in its name, all of it compressed.

import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { defineConfig } from "vite";

const dist = fileURLToPath(new URL("dist", import.meta.url));
const kept = ".gitignore";

/** Empties dist/ but for the file that keeps it in the repository, and replaces what was built by its gzip. */
function packed() {
  return {
    name: "packed",
    apply: "build",
    buildStart() {
      for (const name of readdirSync(dist)) {
        if (name !== kept) rmSync(join(dist, name), { recursive: true });
      }
    },
    closeBundle() {
      for (const entry of readdirSync(dist, { withFileTypes: true, recursive: true })) {
        if (!entry.isFile() || entry.name === kept) continue;
        const path = join(entry.parentPath ?? entry.path, entry.name);
        // No time stamp is in it (Node writes none), so the same sources give the same bytes.
        writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
        rmSync(path);
      }
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
    outDir: dist,
    emptyOutDir: false,
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
  server: { proxy: { "^/(graphql|healthz)": { target: "http://127.0.0.1:8080", ws: true } } },
  plugins: [collect, write, packed()],
});
