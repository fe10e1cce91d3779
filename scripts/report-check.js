// Called by scripts/report-check: opens a report in Chromium and tries it.
const { chromium } = require("playwright-core");
const fs = require("fs");
const [report, out] = process.argv.slice(2);
const problems = [];

async function open(browser, size, more = {}) {
  const context = await browser.newContext({ viewport: size, ...more });
  const page = await context.newPage();
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) problems.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`script: ${error}`));
  page.on("request", (request) => {
    if (request.url() !== `file://${report}` && !request.url().startsWith("data:")) problems.push(`request: ${request.url()}`);
  });
  await page.goto(`file://${report}`, { waitUntil: "load" });
  return page;
}

function expect(is, what) {
  if (!is) problems.push(`expected: ${what}`);
  console.log(`${is ? "ok  " : "FAIL"} ${what}`);
}

(async () => {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM, headless: true,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"],
  });
  const bytes = fs.statSync(report).size;
  console.log(`${(bytes / 1e6).toFixed(2)} MB`);
  expect(bytes < 5e6, "less than 5 MB");

  const begun = Date.now();
  const laptop = await open(browser, { width: 1366, height: 768 });
  console.log(`loaded in ${Date.now() - begun} ms`);
  await laptop.screenshot({ path: `${out}/laptop.png` });
  await laptop.screenshot({ path: `${out}/laptop-whole.png`, fullPage: true });

  const rows = laptop.locator("#task-table tbody tr");
  if (await rows.count()) {
    await rows.first().click();
    const id = await rows.first().locator("th").textContent();
    const details = await laptop.locator("#details").textContent();
    expect(details.includes(id) && details.includes("Cost, US$"), `a click on ${id} opens its numbers`);
    const before = await rows.first().getAttribute("data-row");
    const heads = laptop.locator("#task-table thead button");
    const time = Date.now();
    await heads.filter({ hasText: "Area" }).click();
    console.log(`sorted ${await rows.count()} rows in ${Date.now() - time} ms`);
    const areas = await rows.evaluateAll((all) => all.slice(0, 40).map((row) => {
      const column = [...document.querySelectorAll("#task-table thead th")].findIndex((th) => th.dataset.name === "area_m2");
      return Number(row.cells[column].dataset.v ?? row.cells[column].textContent);
    }));
    expect(areas.every((area, i) => i === 0 || areas[i - 1] >= area), `sorted by area, largest first (was row ${before})`);
    await laptop.fill("#search", id);
    const shown = await laptop.locator("#task-table tbody tr:visible").count();
    expect(shown >= 1 && shown <= 12, `searching ${id} leaves ${shown}`);
    await laptop.fill("#search", "");
  }
  if (await laptop.locator("#gantt .bar[data-row]").count()) {
    const bar = laptop.locator("#gantt .bar[data-row]").first();
    await bar.focus();
    await laptop.keyboard.press("Enter");
    const details = await laptop.locator("#details").textContent();
    expect(details.includes("In the plan"), "Enter on a bar of the schedule opens its numbers");
  }
  const leaflet = laptop.locator("#leaflet");
  if (await leaflet.count()) {
    await leaflet.scrollIntoViewIfNeeded();
    await laptop.waitForTimeout(300);
    await laptop.screenshot({ path: `${out}/laptop-chosen.png` });
    const box = await leaflet.boundingBox();
    const x = box.x + box.width / 2, y = box.y + box.height / 2;
    await laptop.evaluate(() => {
      window.frames_ms = [];
      let last = performance.now();
      const tick = (now) => { window.frames_ms.push(now - last); last = now; window.frames_run = requestAnimationFrame(tick); };
      window.frames_run = requestAnimationFrame(tick);
    });
    await laptop.mouse.move(x, y);
    await laptop.mouse.down();
    for (let i = 0; i < 60; i++) await laptop.mouse.move(x + 120 * Math.sin(i / 8), y + 80 * Math.cos(i / 8));
    await laptop.mouse.up();
    const frames = await laptop.evaluate(() => { cancelAnimationFrame(window.frames_run); return window.frames_ms.slice(2); });
    frames.sort((a, b) => a - b);
    const at = (share) => frames[Math.floor(share * (frames.length - 1))].toFixed(1);
    console.log(`panning: ${frames.length} frames, median ${at(0.5)} ms, 95 % ${at(0.95)} ms, longest ${at(1)} ms`);
    expect(Number(at(0.5)) < 40, "panning stays fluid (median frame below 40 ms, software rendering)");
    await leaflet.focus();
    for (let i = 0; i < 3; i++) await laptop.keyboard.press("+");
    await laptop.waitForTimeout(300);
    await laptop.screenshot({ path: `${out}/laptop-zoomed.png` });
    for (const name of ["routes", "settlements", "districts", "tasks"]) {
      const layer = laptop.locator(`input[data-layer=${name}]`);
      if (await layer.count()) { await layer.uncheck(); await layer.check(); }
    }
    if (await laptop.locator("#map-team").count()) {
      await laptop.selectOption("#map-team", { index: 1 });
      await laptop.waitForTimeout(200);
      await leaflet.screenshot({ path: `${out}/laptop-team.png` });
    }
  }
  await laptop.emulateMedia({ media: "print" });
  await laptop.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
  await laptop.pdf({ path: `${out}/print.pdf`, format: "A4" });

  const phone = await open(browser, { width: 390, height: 844 }, { isMobile: true, hasTouch: true, deviceScaleFactor: 2 });
  await phone.screenshot({ path: `${out}/phone.png` });
  await phone.screenshot({ path: `${out}/phone-whole.png`, fullPage: true });
  const wide = await phone.evaluate(() => document.documentElement.scrollWidth);
  expect(wide <= 390, `no sideways scrolling on a phone (${wide} px wide)`);

  const still = await open(browser, { width: 1366, height: 768 }, { javaScriptEnabled: false });
  await still.screenshot({ path: `${out}/without-script.png`, fullPage: true });
  const dark = await open(browser, { width: 1366, height: 768 }, { colorScheme: "dark" });
  await dark.screenshot({ path: `${out}/dark.png` });
  await browser.close();
  if (problems.length) {
    console.log(`\n${problems.length} problems:\n${[...new Set(problems)].join("\n")}`);
    process.exit(1);
  }
  console.log("no console message, no request");
})();
