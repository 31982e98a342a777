// Build the committed assets: `npm ci --ignore-scripts && node build.mjs`. The same sources give the
// same bytes, so that `git diff --exit-code` proves that what is committed is what the sources say.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, "node_modules");
const out = join(here, "..", "suwen", "static", "dist");
const target = "es2018";

const read = (...parts) => readFileSync(join(...parts), "utf8");
const version = (name) => JSON.parse(read(modules, name, "package.json"));

async function bundle(entry) {
  const result = await build({
    entryPoints: [join(here, "src", entry)], bundle: true, write: false, minify: true,
    format: "esm", target, charset: "utf8", legalComments: "none", nodePaths: [modules],
  });
  return result.outputFiles[0].text;
}

// Bootstrap knows light and dark by attribute only. "auto" follows the system without a script: every
// dark rule is repeated under the media query for [data-bs-theme=auto].
function withAutomaticDarkMode(css) {
  const rules = css.match(/[^{}]*\[data-bs-theme=dark\][^{}]*\{[^{}]*\}/g) ?? [];
  if (rules.length < 5) throw new Error("bootstrap.css: dark rules not found, has its shape changed?");
  const auto = rules.map((rule) => rule.replaceAll("[data-bs-theme=dark]", "[data-bs-theme=auto]"));
  return `${css}@media (prefers-color-scheme:dark){${auto.join("")}}\n`;
}

function bootstrapCss() {
  const css = read(modules, "bootstrap/dist/css/bootstrap.min.css");
  return withAutomaticDarkMode(css.replace(/\/\*# sourceMappingURL=.*?\*\//, "").trim());
}

function sprite() {
  const symbols = JSON.parse(read(here, "src/icons.json")).sort().map((name) => {
    const svg = read(modules, "bootstrap-icons/icons", `${name}.svg`);
    const body = svg.replace(/^[\s\S]*?<svg[^>]*>/, "").replace(/<\/svg>\s*$/, "").replace(/\s*\n\s*/g, "");
    return `<symbol id="${name}" viewBox="0 0 16 16">${body}</symbol>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("\n")}</svg>\n`;
}

function notices() {
  const parts = ["bootstrap", "bootstrap-icons", "htmx.org"].map((name) => {
    const info = version(name);
    const file = readdirSync(join(modules, name)).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file ? read(modules, name, file).trim() : `Licence: ${info.license}`;
    return `${name} ${info.version} (${info.license})\n${"=".repeat(72)}\n${text}\n`;
  });
  return `The files in this folder contain the following works.\n\n${parts.join("\n")}`;
}

const assets = [
  { name: "bootstrap.css", licence: "MIT", text: bootstrapCss() },
  { name: "bootstrap.js", licence: "MIT", text: await bundle("bootstrap.js") },
  { name: "htmx.js", licence: "0BSD", text: read(modules, "htmx.org/dist/htmx.min.js") },
  { name: "icons.svg", licence: "MIT", text: sprite() },
  { name: "suwen.js", licence: "Apache-2.0", text: await bundle("suwen/index.js") },
  { name: "admin.js", licence: "Apache-2.0", text: await bundle("suwen/admin.js") },
];

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const manifest = { target, assets: {} };
for (const { name, licence, text } of assets) {
  const sha256 = createHash("sha256").update(text).digest("hex");
  const [stem, extension] = name.split(/\.(?=[^.]+$)/);
  const file = `${stem}.${sha256.slice(0, 10)}.${extension}`;
  writeFileSync(join(out, file), text);
  manifest.assets[name] = { file, sha256, licence };
  console.log(`${file}\t${Buffer.byteLength(text)}`);
}
writeFileSync(join(out, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
writeFileSync(join(out, "THIRD_PARTY_NOTICES"), notices());
