// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// The vendor's look as the browser draws it: name, colour of the buttons, pixels of the logo. Prints one JSON line.
//   PASSWORD=… node brand.mjs URL E-MAIL OUTPUT
import { mkdirSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { closeGreeting, logIn, open, watch } from './person.mjs';

const [url, email, output] = process.argv.slice(2);
const home = new URL(url);
const patience = Number(process.env.PATIENCE_MS ?? 90000);
mkdirSync(output, { recursive: true });

const browser = await open(chromium);
const { page, outside } = await watch(browser, home);
const report = { ok: false, step: 'log in' };
const color = (selector) => page.locator(selector).first().evaluate((e) => {
  // the browser's own form of any colour, also of oklch()
  const brush = document.createElement('canvas').getContext('2d');
  brush.fillStyle = getComputedStyle(e).backgroundColor;
  brush.fillRect(0, 0, 1, 1);
  return [...brush.getImageData(0, 0, 1, 1).data];
});
const pixel = (address) => page.evaluate(async (from) => {
  const image = new Image();
  image.src = from;
  await image.decode();
  const brush = document.createElement('canvas').getContext('2d');
  brush.drawImage(image, 0, 0); // as large as it is: its corner
  return [...brush.getImageData(0, 0, 1, 1).data];
}, address);
try {
  await logIn(page, home, email, process.env.PASSWORD ?? '', patience, async () => {
    await page.waitForTimeout(1500); // buttons fade to their colour
    report.title = await page.title();
    report.button = await color('button[type=submit]');
    await page.screenshot({ path: `${output}/login.png` });
  });
  const prompt = page.locator('#chat-input');
  await prompt.waitFor({ timeout: patience });
  await closeGreeting(page);
  report.step = 'look at the send button';
  await prompt.click();
  await page.keyboard.type('你好');
  await page.locator('#send-message-button').waitFor({ timeout: patience });
  await page.waitForTimeout(1500);
  report.send = await color('#send-message-button');
  report.marks = {};
  for (const mark of ['favicon.png', 'logo.png', 'splash.png']) report.marks[mark] = await pixel(`/static/${mark}`);
  report.shown = await page.evaluate(() => [...new Set([...document.images].map((i) => new URL(i.src).pathname))]);
  await page.screenshot({ path: `${output}/chat.png` });
  report.ok = outside.size === 0;
  report.step = report.ok ? 'done' : 'stay inside the appliance';
} catch (error) {
  report.error = String(error.message).split('\n')[0];
  await page.screenshot({ path: `${output}/failure.png` }).catch(() => {});
}
console.log(JSON.stringify({ ...report, outside: [...outside] }));
await browser.close();
process.exit(report.ok ? 0 : 1);
