// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// What every person on the page does, and who watches where the page asks.

export const open = (chromium) => chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--lang=zh-CN'],
});

// A page, the addresses outside the appliance that it asked, and the answers that were errors.
export async function watch(browser, home) {
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
  return { page, outside, failed };
}

export async function logIn(page, home, email, password, patience, before = async () => {}) {
  await page.goto(new URL('/auth', home).href, { waitUntil: 'domcontentloaded', timeout: patience });
  await page.waitForSelector('input[type=email]', { timeout: patience });
  await before();
  await page.fill('input[type=email]', email);
  await page.fill('input[type=password]', password);
  await page.click('button[type=submit]');
}

// The note about what is new covers the page at an administrator's first visit.
export async function closeGreeting(page) {
  const dialog = page.locator('[role=dialog], .modal').first();
  if (!(await dialog.waitFor({ timeout: 4000 }).then(() => true, () => false))) return;
  await dialog.getByRole('button').last().click({ timeout: 4000 }).catch(() => page.keyboard.press('Escape'));
  await dialog.waitFor({ state: 'hidden', timeout: 4000 }).catch(() => {});
}
