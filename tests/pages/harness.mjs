// A few lines of test harness: a browser, named tests, pictures, and one closing line.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const kChromium = process.env.CHROMIUM ?? '/usr/bin/chromium';
const kTestMs = 30_000;
const require = createRequire(import.meta.url);
const kAxe = require.resolve('axe-core/axe.min.js');

/** In a line, what a page that failed looked like: where it is, what has the focus, what it says. */
async function stateOf(page) {
  const look = page.evaluate(() => JSON.stringify({
    at: location.href, focus: document.activeElement?.outerHTML.slice(0, 120),
    dialogs: [...document.querySelectorAll('dialog')].map((one) => `${one.open} ${one.className}`),
    says: document.body.innerText.replaceAll(/\s+/g, ' ').slice(0, 300),
  }));
  const late = new Promise((done) => setTimeout(done, 2000, 'it does not answer'));
  return Promise.race([look, late]).catch((error) => error.message);
}

export class Harness {
  #tests = [];
  #browser = null;
  #shots;
  /** What a page did that it must not: console errors, exceptions, requests elsewhere. */
  #wrongs = [];
  url;

  constructor(url, shots) {
    this.url = url;
    this.#shots = shots;
  }

  test(name, body) {
    this.#tests.push({ name, body });
  }

  /** Opens a page of its own context. `network` says that failed requests are part of the test. */
  async open(path, options = {}) {
    const { width = 1440, height = 900, scheme = 'light', network = false, as = 'ada',
      zone = 'Europe/Madrid' } = options;
    const context = await this.#browser.newContext({
      viewport: { width, height }, colorScheme: scheme, timezoneId: zone,
      locale: 'en-GB', reducedMotion: options.motion ?? 'no-preference',
    });
    if (as) {
      await context.addInitScript((name) => {
        // A sandboxed frame has no storage, and needs none.
        if (globalThis.origin !== 'null') localStorage.setItem('tocsin.name', name);
      }, as);
    }
    const page = await context.newPage();
    page.setDefaultTimeout(8000);
    const origin = new URL(this.url).origin;
    page.on('console', (message) => {
      if (message.type() !== 'error') return;
      if (network && /Failed to load resource/.test(message.text())) return;
      this.#wrongs.push(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => this.#wrongs.push(`exception: ${error.message}`));
    page.on('request', (request) => {
      const target = request.url();
      if (!target.startsWith(origin) && !/^(data|about|blob):/.test(target)) {
        this.#wrongs.push(`request elsewhere: ${target}`);
      }
    });
    await page.goto(this.url + path);
    return page;
  }

  /** What the test expects to go wrong, so that it is not counted. */
  forgive(pattern) {
    this.#wrongs = this.#wrongs.filter((wrong) => !pattern.test(wrong));
  }

  async shot(page, name) {
    await mkdir(this.#shots, { recursive: true });
    await page.screenshot({ path: join(this.#shots, `${name}.png`) });
  }

  /** Fails on any axe violation of weight; says which and where. */
  async axe(page, where) {
    // evaluate() is not bound by the page's policy; a script tag would be, rightly.
    const { readFile } = await import('node:fs/promises');
    await page.evaluate(await readFile(kAxe, 'utf8'));
    const found = await page.evaluate(() => globalThis.axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'],
      iframes: false,
    }));
    const heavy = found.violations
      .filter((v) => ['serious', 'critical', 'moderate'].includes(v.impact))
      .map((v) => `${v.id} (${v.impact}): ${v.nodes.slice(0, 3).map(
        (n) => `${n.target} ${n.failureSummary?.split('\n')[1] ?? ''}`).join(' | ')}`);
    assert.deepEqual(heavy, [], `axe on ${where}`);
  }

  async run(filter) {
    this.#browser = await chromium.launch({
      executablePath: kChromium, headless: true,
      args: ['--no-sandbox', '--disable-dev-shm-usage', '--font-render-hinting=none'],
    });
    let passed = 0;
    let failed = 0;
    for (const { name, body } of this.#tests) {
      if (filter && !name.includes(filter)) continue;
      this.#wrongs = [];
      let timer;
      try {
        const late = new Promise((_, reject) => {
          timer = setTimeout(() => reject(new Error(`took over ${kTestMs} ms`)), kTestMs);
        });
        await Promise.race([body(this), late]);
        assert.deepEqual(this.#wrongs, [], 'the page did what it must not');
        passed++;
        console.log(`ok    ${name}`);
      } catch (error) {
        failed++;
        console.log(`FAIL  ${name}\n      ${String(error.message).replaceAll('\n', '\n      ')}`);
        for (const context of this.#browser.contexts()) {
          for (const page of context.pages()) console.log(`      left: ${await stateOf(page)}`);
        }
      }
      clearTimeout(timer);
      for (const context of this.#browser.contexts()) await context.close();
    }
    await this.#browser.close();
    console.log(`${passed} passed, ${failed} failed`);
    return failed === 0 && passed > 0;
  }
}
