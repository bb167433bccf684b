// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// The administrator of a running appliance: signs in on the chat page, looks at every view of the console, then waits until the
// console says what OUTPUT/stopped names. Prints one JSON line; pictures in OUTPUT.
//   PASSWORD=… node live.mjs URL E-MAIL OUTPUT UNIT
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import { closeGreeting, logIn, open, watch } from '../browser/person.mjs';

const [url, email, output, unit] = process.argv.slice(2);
const home = new URL(url);
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
mkdirSync(output, { recursive: true });
const browser = await open(chromium);
const { page, outside, failed } = await watch(browser, home);
const report = { ok: false, step: 'log in', serious: [], wide: [], texts: {}, errors: [] };
page.on('pageerror', (error) => report.errors.push(String(error)));
page.on('console', (said) => said.type() === 'error' && page.url().includes('/console/') && report.errors.push(said.text()));
try {
  await logIn(page, home, email, process.env.PASSWORD ?? '', 120000);
  await page.locator('#chat-input').waitFor({ timeout: 120000 });
  await closeGreeting(page);
  for (const language of ['zh', 'en']) {
    await page.evaluate((chosen) => localStorage.setItem('yitiji-language', chosen), language);
    for (const [kind, width, height] of [['wide', 1280, 900], ['phone', 390, 844]]) {
      await page.setViewportSize({ width, height });
      for (const view of ['overview', 'engine', 'nodes', 'use', 'reports', 'log']) {
        const name = `${view}-${kind}-${language}`;
        report.step = name;
        await page.goto('about:blank');
        await page.goto(`${new URL('/console/', home).href}#${view}`);
        await page.waitForSelector('#body *', { timeout: 30000 });
        report.texts[name] = await page.evaluate(() => document.body.innerText);
        if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) report.wide.push(name);
        await page.screenshot({ path: `${output}/${name}.png`, fullPage: kind === 'wide' });
        const found = await page.evaluate(`${axe}; axe.run()`);
        report.serious.push(...found.violations.filter(({ impact }) => ['serious', 'critical'].includes(impact)).map(({ id, nodes }) => `${name}: ${id}: ${nodes[0].html.slice(0, 200)}`));
      }
    }
  }
  report.step = 'wait for what stops';
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.goto(`${new URL('/console/', home).href}#overview`);
  await page.waitForSelector('#body *');
  writeFileSync(`${output}/waits`, '');
  for (let tries = 0; tries < 600 && !existsSync(`${output}/stopped`); tries += 1) await new Promise((again) => setTimeout(again, 100));
  const begun = Number(readFileSync(`${output}/stopped`, 'utf8'));
  await page.waitForFunction((name) => document.querySelector('#state').innerText.includes(name), unit, { timeout: 60000, polling: 100 });
  report.seconds = Date.now() / 1000 - begun;
  report.state = await page.locator('#state').innerText();
  await page.screenshot({ path: `${output}/stopped-wide-en.png` });
  report.ok = true;
} catch (error) {
  report.error = String(error.message).split('\n')[0];
  report.page = (await page.locator('body').innerText().catch(() => '')).slice(0, 800);
  await page.screenshot({ path: `${output}/failure.png` }).catch(() => {});
}
Object.assign(report, { outside: [...outside], failed: failed.filter((line) => line.includes('/console/')).slice(0, 10) });
console.log(JSON.stringify(report));
await browser.close();
process.exit(report.ok ? 0 : 1);
