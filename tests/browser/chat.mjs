// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// A person's way through the chat page: log in, ask, read the answer. Prints one JSON line; pictures in OUTPUT.
//   PASSWORD=… node chat.mjs URL E-MAIL QUESTION EXPECTED OUTPUT
import { mkdirSync } from 'node:fs';
import { chromium } from 'playwright-core';

const [url, email, question, expected, output] = process.argv.slice(2);
const home = new URL(url);
const patience = Number(process.env.PATIENCE_MS ?? 90000);
mkdirSync(output, { recursive: true });

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--lang=zh-CN'],
});
const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ignoreHTTPSErrors: true, locale: 'zh-CN' });
const page = await context.newPage();
const outside = new Set();
const failed = [];
const look = (address) => {
  const target = new URL(address);
  if (!['data:', 'blob:'].includes(target.protocol) && target.hostname !== home.hostname) outside.add(address);
};
context.on('request', (request) => look(request.url()));
page.on('websocket', (socket) => look(socket.url()));
page.on('response', (response) => response.status() >= 400 && failed.push(`${response.status()} ${response.url()}`));

const started = Date.now();
const report = { ok: false, step: 'open the page' };
const picture = (name) => page.screenshot({ path: `${output}/${name}.png` });
try {
  await page.goto(new URL('/auth', home).href, { waitUntil: 'domcontentloaded', timeout: patience });
  report.step = 'log in';
  await page.waitForSelector('input[type=email]', { timeout: patience });
  await picture('login');
  await page.fill('input[type=email]', email);
  await page.fill('input[type=password]', process.env.PASSWORD ?? '');
  await page.click('button[type=submit]');
  report.step = 'reach the chat';
  const prompt = page.locator('#chat-input');
  await prompt.waitFor({ timeout: patience });
  await closeGreeting();
  report.step = 'ask';
  await prompt.click();
  await page.keyboard.type(question);
  await page.keyboard.press('Enter');
  report.step = 'read the answer';
  // inside the reply itself: the chat's title in the side bar is made by the model too
  const reply = page.locator('.chat-assistant');
  await reply.getByText(expected).first().waitFor({ timeout: patience });
  report.answer = (await reply.last().innerText()).trim();
  await picture('chat');
  report.ok = outside.size === 0;
  report.step = report.ok ? 'done' : 'stay inside the appliance';
} catch (error) {
  report.error = String(error.message).split('\n')[0];
  report.page = (await page.locator('body').innerText().catch(() => '')).slice(0, 800);
  await picture('failure').catch(() => {});
}
Object.assign(report, { seconds: (Date.now() - started) / 1000, outside: [...outside], failed: failed.slice(0, 10) });
console.log(JSON.stringify(report));
await browser.close();
process.exit(report.ok ? 0 : 1);

// The note about what is new covers the page at an administrator's first visit.
async function closeGreeting() {
  const dialog = page.locator('[role=dialog], .modal').first();
  if (!(await dialog.waitFor({ timeout: 4000 }).then(() => true, () => false))) return;
  await dialog.getByRole('button').last().click({ timeout: 4000 }).catch(() => page.keyboard.press('Escape'));
  await dialog.waitFor({ state: 'hidden', timeout: 4000 }).catch(() => {});
}
