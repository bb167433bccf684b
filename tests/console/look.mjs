// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// An administrator looks at every view in both languages, wide and narrow, light and dark; what came of it is one line of JSON.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const [home, pictures] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
const VIEWS = ['overview', 'engine', 'nodes', 'use', 'reports', 'log'];
const report = { errors: [], outside: [], serious: [], wide: [], loads: {}, texts: {}, keyboard: '' };

async function memory() {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const pss = (pid) => Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]) / 1024;
  return Math.max(...processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => pss(id)));
}

// The fullest view, for half a minute, in a page that no checker was in.
{
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  await context.addCookies([{ name: 'token', value: 'administrator', url: home }]);
  const page = await context.newPage();
  await page.goto(`${home}#nodes`);
  await page.waitForSelector('select');
  await page.selectOption('select >> nth=0', 'day');
  await page.waitForFunction(() => document.querySelectorAll('#body svg').length >= 32, null, { timeout: 20000 });
  await page.waitForTimeout(30000);
  report.megabytes = await memory();
  await context.close();
}
for (const language of ['zh', 'en']) {
  for (const [kind, width, height] of [['wide', 1280, 900], ['phone', 390, 844]]) {
    for (const colorScheme of ['light', 'dark']) {
      const context = await browser.newContext({ viewport: { width, height }, colorScheme, locale: language });
      await context.addCookies([{ name: 'token', value: 'administrator', url: home }]);
      const page = await context.newPage();
      page.on('pageerror', (error) => report.errors.push(String(error)));
      page.on('console', (said) => said.type() === 'error' && report.errors.push(said.text()));
      page.on('request', (request) => new URL(request.url()).origin !== new URL(home).origin && report.outside.push(request.url()));
      await page.addInitScript((chosen) => location.protocol === 'about:' || localStorage.setItem('yitiji-language', chosen), language);
      for (const view of colorScheme === 'dark' ? ['overview', 'nodes'] : VIEWS) {
        const begun = Date.now();
        await page.goto('about:blank');
        await page.goto(`${home}#${view}`);
        await page.waitForSelector('#body *', { timeout: 20000 });
        if (view === 'nodes') {
          await page.selectOption('select >> nth=0', 'day');
          await page.waitForFunction(() => document.querySelectorAll('#body svg').length >= 32, null, { timeout: 20000 });
        }
        const name = `${view}-${kind}-${colorScheme}-${language}`;
        report.loads[name] = Date.now() - begun;
        if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) report.wide.push(name);
        report.texts[name] = await page.evaluate(() => document.body.innerText);
        await page.screenshot({ path: `${pictures}/${name}.png`, fullPage: kind === 'wide' });
        if (colorScheme === 'light' || view === 'overview') {
          const found = await page.evaluate(`${axe}; axe.run()`);
          report.serious.push(...found.violations.filter(({ impact }) => ['serious', 'critical'].includes(impact)).map(({ id, nodes }) => `${name}: ${id}: ${nodes[0].html.slice(0, 200)}`));
        }
      }
      if (kind === 'wide' && language === 'en' && colorScheme === 'light') { // to the log and back by keys alone
        await page.goto(`${home}#overview`);
        await page.waitForSelector('nav a');
        for (let press = 0; press < 6; press += 1) await page.keyboard.press('Tab');
        await page.keyboard.press('Enter');
        await page.waitForSelector('pre');
        report.keyboard = await page.evaluate(() => location.hash);
      }
      await context.close();
    }
  }
}
await browser.close();
console.log(JSON.stringify(report));
