#!/usr/bin/env python3
"""Walks the pages in a real browser: the journeys of brokers, office and whoever has no command line.

Usage: browser.py DUIJIE [--shots FOLDER]

Needs playwright and axe-playwright-python from PyPI, and chromium from the system. Every page may say
nothing on the console, and axe-core may find no serious violation, wide and narrow, in both languages.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
from urllib.parse import quote

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

PASSWORD = "correct horse battery"
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 740}


class Server:
    """A server of its own over a folder."""

    def __init__(self, program, folder):
        self.process = subprocess.Popen(
            [program, "serve", "--workspace", folder, "--bind", "127.0.0.1:0", "--rate", "1000"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        self.url = self.process.stdout.readline().strip()
        self.launch = None
        for line in self.process.stderr:
            found = re.search(r"http://\S+/launch\?token=\S+", line)
            if found:
                self.launch = found.group()
                break
        if not self.launch:
            sys.exit("the server did not start")

    def stop(self):
        self.process.terminate()
        code = self.process.wait(timeout=60)
        assert code == 0, f"the server ended with {code}"


class Walk:
    """A browser that notes what is wrong with every page it comes to."""

    def __init__(self, browser, url, shots, **context):
        self.context = browser.new_context(base_url=url, **context)
        self.page = self.context.new_page()
        self.shots, self.wrong, self.n = shots, [], 0
        self.expected = set()
        self.page.on("console", self.on_console)
        self.page.on("pageerror", lambda error: self.wrong.append(f"{self.page.url}: {error}"))

    def on_console(self, message):
        # A browser writes every refused page to the console; those that are meant to be are.
        status = re.search(r"status of (\d+)", message.text)
        if message.type in ("error", "warning") and not (status and int(status.group(1)) in self.expected):
            self.wrong.append(f"{self.page.url}: {message.type}: {message.text}")

    def go(self, path, status=200):
        self.expected = {status}
        answer = self.page.goto(path)
        assert answer.status == status, f"{path}: {answer.status} instead of {status}"
        return self

    def look(self, name):
        """Checks what is shown, and keeps a picture."""
        violations = Axe().run(self.page).response["violations"]
        for found in violations:
            if found["impact"] in ("serious", "critical"):
                where = [node["target"] for node in found["nodes"]][:3]
                self.wrong.append(f"{name}: axe {found['id']} ({found['impact']}): {where}")
        wide = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if wide > 1:
            self.wrong.append(f"{name}: {wide} px wider than the window")
        if self.shots:
            self.n += 1
            self.page.screenshot(path=str(self.shots / f"{name}.png"), full_page=True)
        return self


def office(program, folder):
    """A workspace with the sample, a user and a night."""
    sample = pathlib.Path(__file__).resolve().parent.parent / "corpus" / "sample"

    def run(*words, **more):
        subprocess.run([program, *words], cwd=folder, check=True, capture_output=True, text=True, **more)

    run("init")
    run("import", "--side", "demand", str(sample / "demands.xlsx"))
    run("import", "--side", "supply", str(sample / "supplies.xlsx"))
    run("nightly")
    run("judge", "pool", "--pairs", "10")
    for name, role in (("wang", "broker"), ("ban", "admin")):
        run("user", "add", name, "--role", role, "--password-stdin", input=PASSWORD + "\n")


def sign_in(walk, name):
    walk.go("/login").look(f"login-{name}")
    walk.expected = {401}
    walk.page.fill("input[name=name]", name)
    walk.page.fill("input[name=password]", "not the password")
    walk.page.click("form[action='/login'] button")
    assert walk.page.locator("[role=alert]").count() >= 1, "a wrong password is told"
    walk.expected = set()
    walk.page.fill("input[name=name]", name)
    walk.page.fill("input[name=password]", PASSWORD)
    walk.page.click("form[action='/login'] button")
    walk.page.wait_for_url("**/")


def broker(browser, server, shots, name, viewport, lang, pdf):
    walk = Walk(browser, server.url, shots, viewport=viewport, locale="zh-CN")
    page = walk.page
    if lang == "en":
        walk.go("/lang/en?back=/login")
    sign_in(walk, "wang")
    walk.look(f"{name}-home")
    walk.go("/search?side=demand&q=" + quote("检测")).look(f"{name}-search")
    page.locator("main a[href^='/demands/']").first.click()
    walk.look(f"{name}-demand")
    page.locator("main a[href^='/pairs?']").first.click()
    walk.look(f"{name}-pair")
    pair = page.url
    page.locator("main a[href^='/proposal?']").first.click()
    walk.look(f"{name}-proposal")
    if pdf:
        page.pdf(path=str(pdf), format="A4", prefer_css_page_size=True)
        pages = len(re.findall(rb"/Type\s*/Page[^s]", pdf.read_bytes()))
        assert pages == 1, f"the proposal is {pages} pages"
    walk.go(pair)
    page.locator("form[action='/answers'] button[value=introduced], form[action='/answers'] [value=introduced]").first.click()
    submit = page.locator("form[action='/answers'] button")
    if page.url == pair and submit.count():
        submit.first.click()
    page.wait_for_load_state()
    walk.look(f"{name}-answered")
    walk.go("/today").look(f"{name}-today")
    walk.go("/gaps").look(f"{name}-gaps")
    walk.go("/match").look(f"{name}-paste")
    page.fill("textarea[name=text]", "激光焊缝在线检测\n需要在线检测激光焊缝的气孔和裂纹，检出率≥95%，单件时间不超过2秒。")
    page.locator("main form[action='/match'] button").first.click()
    page.wait_for_load_state()
    walk.look(f"{name}-pasted")
    walk.go("/saved").look(f"{name}-saved")
    walk.go("/run").look(f"{name}-run")
    walk.go("/judge").look(f"{name}-judge")
    walk.go("/admin", status=403).look(f"{name}-forbidden")
    walk.go("/demands/NOBODY", status=404).look(f"{name}-absent")
    walk.context.close()
    return walk.wrong


def without_commands(browser, program, shots):
    """Two lists in, checked, matched, downloaded."""
    sample = pathlib.Path(__file__).resolve().parent.parent / "corpus" / "sample"
    folder = tempfile.mkdtemp(prefix="本机 ")
    subprocess.run([program, "init"], cwd=folder, check=True, capture_output=True)
    server = Server(program, folder)
    walk = Walk(browser, server.url, shots, viewport=WIDE, accept_downloads=True)
    page = walk.page
    walk.expected = {503}
    page.goto(server.launch)
    walk.look("local-first")
    walk.go("/import").look("local-import")
    page.set_input_files("input[name=demands]", str(sample / "demands.xlsx"))
    page.set_input_files("input[name=supplies]", str(sample / "supplies.xlsx"))
    page.locator("main form[action='/import/check'] button").first.click()
    page.wait_for_load_state()
    walk.look("local-checked")
    page.locator("main form[action='/import/take'] button").first.click()
    walk.expected = set()
    page.wait_for_selector("a[href='/run/files/lists.xlsx']", timeout=180_000)
    walk.look("local-done")
    with page.expect_download() as download:
        page.locator("a[href='/run/files/lists.xlsx']").first.click()
    assert pathlib.Path(download.value.path()).read_bytes()[:2] == b"PK"
    walk.go("/admin").look("local-admin")
    walk.context.close()
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)
    return walk.wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--shots", type=pathlib.Path)
    options = parser.parse_args()
    program = os.path.abspath(options.program)
    if options.shots:
        options.shots.mkdir(parents=True, exist_ok=True)
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    folder = tempfile.mkdtemp(prefix="duijie-browser-")
    office(program, folder)
    server = Server(program, folder)
    wrong = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        pdf = pathlib.Path(folder) / "proposal.pdf"
        wrong += broker(browser, server, options.shots, "wide", WIDE, "zh", pdf)
        wrong += broker(browser, server, options.shots, "narrow", NARROW, "en", None)
        wrong += without_commands(browser, program, options.shots)
        browser.close()
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)
    for line in wrong:
        print(line)
    print("nothing is wrong" if not wrong else f"{len(wrong)} things are wrong")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
