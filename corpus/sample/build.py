#!/usr/bin/env python3
"""Makes the sample lists and judgements from what the writers wrote in src/.

    python3 corpus/sample/build.py            writes the files beside this script
    python3 corpus/sample/build.py --check    compares them with what would be written

Reads   src/part_*.jsonl    one record per line, with the writers' own numbers (X001, G001)
        src/qrels_*.tsv     judgements in the writers' numbers
        src/numbers.tsv     writers' number and final number, in the order of the rows
Writes  demands.xlsx, supplies.xlsx, csv/demands.csv, csv/supplies.csv, qrels.tsv, planted.tsv

Needs openpyxl 3.1. The same sources give the same bytes, given the same openpyxl and zlib. A record
without a line in numbers.tsv gets the next free number at the end of its list, so that numbers once
given never change.
"""

import csv
import datetime
import hashlib
import io
import json
import re
import sys
import zipfile
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

HERE = Path(__file__).resolve().parent
SRC = HERE / "src"
YEAR = 2026
# Documents carry a date of making; a fixed one keeps their bytes fixed.
MADE_ON = datetime.datetime(2026, 9, 30, 9, 0, 0)

GROUPS = {
    "电子信息": "光子 第三代半导体 专用芯片 电子元器件 新型显示 高端软件 智能终端 区块链 物联网 网络安全 5G技术",
    "新一代汽车": "新能源汽车 智能网联汽车",
    "航空航天": "空天动力 卫星及空间探测 航空器整机制造 航天器运行管理 通用航空",
    "高端装备": "高档数控装备 智能电力装备 轨道交通装备 工业互联网",
    "新材料": "稀有金属材料 空天复合材料 光电能源材料 汽车轻量化材料 生物医药材料 陶瓷基复合材料 石墨烯材料",
    "新能源": "太阳能光伏 氢能 规模储能 清洁能源 能源互联网",
    "食品和生物医药": "创新药 高端医疗器械 精准医疗 健康服务 现代中药 生物育种和绿色食品 乳制品",
    "新兴产业": "人工智能 大数据与云计算 卫星应用 增材制造 机器人及无人系统",
    "变革性前沿技术": "新一代人工智能 类脑智能 量子科技 空天科技 生物技术 下一代通信网络 网络空间与安全科技 超级计算 智能材料 下一代显示",
    "民生科技": "现代农业 新型智慧城市 资源环境与公共安全 现代服务业数字技术",
}
GROUP_OF = {leaf: group for group, leaves in GROUPS.items() for leaf in leaves.split()}


def demand_field(record):
    """需求领域 as lists write it: 大类——方向; empty where the writer named none."""
    leaf = record["leaf"]
    return f"{GROUP_OF[leaf]}——{leaf}" if leaf else ""


def supply_field(record):
    return record["field"].replace("-", "——", 1)


# Heading, source (a key of the record or a function), width in characters, kind of cell.
# Kinds: serial, id, text, amount (a number where the text is one), date (a true date where the
# text is one).
DEMAND_COLUMNS = [
    ("序号", None, 6, "serial"),
    ("需求编号", None, 15, "id"),
    ("技术需求名称", "name", 28, "text"),
    ("需求领域", demand_field, 18, "text"),
    ("技术需求类别", "category", 14, "text"),
    ("技术需求详情", "context", 70, "text"),
    ("技术指标", "indicators", 32, "text"),
    ("合作方式", "cooperation", 16, "text"),
    ("投入资金(万元)", "budget_wan", 15, "amount"),
    ("成熟度要求", "maturity_wanted", 11, "text"),
    ("有效期", "valid", 24, "text"),
    ("单位名称", "org", 22, "text"),
    ("所在地区", "region", 10, "text"),
    ("联系人", "contact", 9, "text"),
    ("联系电话", "phone", 16, "text"),
    ("发布日期", "posted", 12, "date"),
]
SUPPLY_COLUMNS = [
    ("序号", None, 6, "serial"),
    ("成果编号", None, 15, "id"),
    ("成果名称", "name", 28, "text"),
    ("关键词", "keywords", 20, "text"),
    ("所属领域", supply_field, 18, "text"),
    ("技术成熟度", "maturity", 11, "text"),
    ("合作方式", "cooperation", 16, "text"),
    ("知识产权形式", "ip", 12, "text"),
    ("专利号", "patent_no", 19, "text"),
    ("IPC分类号", "ipc", 13, "text"),
    ("成果简介", "context", 80, "text"),
    ("技术指标", "indicators", 28, "text"),
    ("应用领域", "scope", 20, "text"),
    ("合作价格(万元)", "price_wan", 15, "amount"),
    ("完成单位", "org", 22, "text"),
    ("完成时间", "finished", 10, "text"),
    ("联系人", "contact", 9, "text"),
    ("联系电话", "phone", 16, "text"),
    ("发布日期", "posted", 12, "date"),
    ("有效期", "valid", 24, "text"),
    ("类型", "kind", 8, "text"),
]


# ---------------------------------------------------------------- reading


def read_records():
    records = {}
    for path in sorted(SRC.glob("part_*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            if record["no"] in records:
                sys.exit(f"{path.name}: {record['no']} stands twice")
            if record["side"] == "demand" and record["leaf"] and record["leaf"] not in GROUP_OF:
                sys.exit(f"{path.name}: {record['no']} has the unknown leaf {record['leaf']}")
            records[record["no"]] = record
    return records


def content(record):
    """Everything but the writer's number: equal for rows that were entered twice."""
    return json.dumps({k: v for k, v in record.items() if k != "no"}, sort_keys=True)


def place(record):
    """What neighbours should not share."""
    return demand_field(record) if record["side"] == "demand" else supply_field(record)


def mixed(records):
    """Records in an order without meaning, in which neighbours come from different fields."""
    key = lambda record: hashlib.sha256(("row " + record["no"]).encode()).digest()
    waiting = sorted(records, key=key)
    order = []
    while waiting:
        last = place(order[-1]) if order else None
        at = next((i for i, record in enumerate(waiting) if place(record) != last), 0)
        order.append(waiting.pop(at))
    return order


def number_records(records):
    """Lines of numbers.tsv: what is there, and new records at the end of their side."""
    path = SRC / "numbers.tsv"
    given = {}
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            own, number = line.split("\t")
            given[own] = number
    unknown = set(given) - set(records)
    if unknown:
        sys.exit(f"numbers.tsv: {sorted(unknown)} are in no part")
    lines = []
    for side, prefix in (("demand", "XQ"), ("supply", "GJ")):
        ours = {no: record for no, record in records.items() if record["side"] == side}
        rows = [no for no in given if no in ours]
        rows += [r["no"] for r in mixed([r for no, r in ours.items() if no not in given])]
        used = [int(given[no].rsplit("-", 1)[1]) for no in rows if no in given]
        following = max(used, default=0) + 1
        number_of = {content(ours[no]): given[no] for no in rows if no in given}
        for no in rows:
            key = content(ours[no])
            if key not in number_of:
                number_of[key] = f"{prefix}-{YEAR}-{following:04d}"
                following += 1
            if given.get(no, number_of[key]) != number_of[key]:
                sys.exit(f"numbers.tsv: {no} equals another record but has another number")
            lines.append((no, number_of[key]))
    return lines


def read_judgements(number_of):
    """Judgements by final numbers; sources must agree where they meet."""
    grades = {}
    for path in sorted(SRC.glob("qrels_*.tsv")):
        for at, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            demand, zero, supply, grade = line.split("\t")
            if zero != "0" or grade not in ("0", "1", "2", "3"):
                sys.exit(f"{path.name}:{at}: not a judgement: {line}")
            pair = (number_of[demand], number_of[supply])
            if grades.setdefault(pair, int(grade)) != int(grade):
                sys.exit(f"{path.name}:{at}: {pair} is graded {grades[pair]} elsewhere")
    return grades


# ---------------------------------------------------------------- cells


def cell_text(record, source):
    if source is None:
        return ""
    return source(record) if callable(source) else record.get(source, "")


def cell_value(text, kind):
    """The value a spreadsheet program would hold."""
    if kind == "amount" and re.fullmatch(r"\d+", text):
        return int(text)
    if kind == "amount" and re.fullmatch(r"\d+\.\d+", text):
        return float(text)
    if kind == "date" and re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return datetime.datetime.strptime(text, "%Y-%m-%d")
    return text or None


def csv_bytes(columns, rows):
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([heading for heading, *_ in columns])
    for at, (number, record) in enumerate(rows, 1):
        own = {"serial": str(at), "id": number}
        writer.writerow(
            [own.get(kind, cell_text(record, source)) for _, source, _, kind in columns]
        )
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8")


# ---------------------------------------------------------------- workbooks

BODY = Font(name="宋体", size=10.5)
BOLD = Font(name="宋体", size=10.5, bold=True)
TITLE = Font(name="宋体", size=18, bold=True)
LINE = Side(style="thin", color="808080")
BOX = Border(left=LINE, right=LINE, top=LINE, bottom=LINE)
SHADE = PatternFill("solid", fgColor="DDE6F0")
CENTRE = Alignment(horizontal="center", vertical="center", wrap_text=True)
LEFT = Alignment(horizontal="left", vertical="center", wrap_text=True)


def lines_needed(text, width):
    """Lines a text takes in a column: a Chinese character is as wide as two Latin ones."""
    columns = sum(2 if ord(c) > 0x2E7F else 1 for c in text)
    return max(1, -(-columns // max(1, width - 2)))


def add_sheet(book, name, title, unit, columns, rows, money, note):
    """One list as an office hands it in; `money` is the column that is summed up, if one is."""
    sheet = book.create_sheet(name)
    last = len(columns)
    for at, (_, _, width, _) in enumerate(columns, 1):
        sheet.column_dimensions[get_column_letter(at)].width = width
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=last)
    sheet.cell(1, 1, title).font = TITLE
    sheet.cell(1, 1).alignment = CENTRE
    sheet.row_dimensions[1].height = 34
    half = last // 2
    sheet.merge_cells(start_row=2, start_column=1, end_row=2, end_column=half)
    sheet.merge_cells(start_row=2, start_column=half + 1, end_row=2, end_column=last)
    sheet.cell(2, 1, unit).font = BODY
    sheet.cell(2, half + 1, "填报日期：2026年9月30日").font = BODY
    sheet.cell(2, half + 1).alignment = Alignment(horizontal="right", vertical="center")
    sheet.row_dimensions[2].height = 20
    for at, (heading, *_) in enumerate(columns, 1):
        cell = sheet.cell(3, at, heading)
        cell.font, cell.alignment, cell.border, cell.fill = BOLD, CENTRE, BOX, SHADE
    sheet.row_dimensions[3].height = 32
    total = 0
    row = 3
    for serial, (number, record) in enumerate(rows, 1):
        row += 1
        height = 1
        for at, (_, source, width, kind) in enumerate(columns, 1):
            text = cell_text(record, source)
            value = {"serial": serial, "id": number}.get(kind) or cell_value(text, kind)
            cell = sheet.cell(row, at)
            if isinstance(value, str):
                # Text stays text, whatever it begins with.
                cell.value, cell.data_type = value, "s"
                cell.number_format = "@"
            elif value is not None:
                cell.value = value
            if isinstance(value, datetime.datetime):
                cell.number_format = "yyyy-mm-dd"
            if kind == "amount" and isinstance(value, (int, float)):
                total += value
            cell.font, cell.border = BODY, BOX
            cell.alignment = LEFT if width >= 16 and kind != "id" else CENTRE
            height = max(height, lines_needed(text, width))
        sheet.row_dimensions[row].height = min(400, 15 * height + 4)
    row += 1
    for at in range(1, last + 1):
        cell = sheet.cell(row, at)
        cell.font, cell.border, cell.alignment = BOLD, BOX, CENTRE
    sheet.cell(row, 1, "合计")
    sheet.cell(row, 2, f"{len(rows)}项")
    if money:
        sheet.cell(row, money, total)
    sheet.row_dimensions[row].height = 22
    row += 1
    sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=last)
    sheet.cell(row, 1, note).font = BODY
    sheet.cell(row, 1).alignment = LEFT
    sheet.row_dimensions[row].height = 36
    sheet.freeze_panes = "D4"
    sheet.auto_filter.ref = f"A3:{get_column_letter(last)}{row - 2}"
    sheet.print_title_rows = "3:3"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A3
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_setup.fitToHeight = 0
    sheet.page_margins.left = sheet.page_margins.right = 0.4
    sheet.page_margins.top = sheet.page_margins.bottom = 0.5
    sheet.oddFooter.center.text = "第 &P 页 共 &N 页"


def book_bytes(fill):
    book = Workbook()
    book.remove(book.active)
    fill(book)
    book.properties.creator = "duijie"
    book.properties.created = MADE_ON
    raw = io.BytesIO()
    book.save(raw)
    return repacked(raw.getvalue())


def repacked(raw):
    """The same archive without the time at which it was written."""
    out = io.BytesIO()
    stamp = MADE_ON.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "docProps/core.xml":
                part, n = re.subn(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + stamp, part)
                assert n == 1, "the document has one date of change"
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system = 0
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, part, compresslevel=9)
    return out.getvalue()


NOTE = (
    "注：1. 本表为软件自带的样例，单位、人员、电话和专利号均为虚构。"
    "2. {money}。3. 联系方式仅供对接使用。"
)


def demands_book(rows):
    return book_bytes(
        lambda book: add_sheet(
            book,
            "技术需求",
            "2026年度企业技术需求征集汇总表（样例）",
            "填报单位：秦川技术转移服务站（虚构）",
            DEMAND_COLUMNS,
            rows,
            9,
            NOTE.format(money="投入资金为填写单位意向，填面议、区间或未填的不计入合计"),
        )
    )


def supplies_book(rows):
    sheets = [
        ("科技成果", "2026年度可转化科技成果汇总表（样例）", lambda r: r["kind"] != "专利"),
        ("专利", "2026年度可转化专利汇总表（样例）", lambda r: r["kind"] == "专利"),
    ]

    def fill(book):
        for name, title, belongs in sheets:
            add_sheet(
                book,
                name,
                title,
                "填报单位：秦川技术转移服务站（虚构）",
                SUPPLY_COLUMNS,
                [row for row in rows if belongs(row[1])],
                None,
                NOTE.format(money="合作价格为填写单位意向，按件、按年计价的在格内注明"),
            )

    return book_bytes(fill)


# ---------------------------------------------------------------- everything


def build():
    records = read_records()
    numbers = number_records(records)
    number_of = dict(numbers)
    rows = {
        side: [(number, records[no]) for no, number in numbers if records[no]["side"] == side]
        for side in ("demand", "supply")
    }
    grades = read_judgements(number_of)
    by_grade = sorted(grades, key=lambda pair: (pair[0], -grades[pair], pair[1]))
    planted = sorted(
        {
            (record["planted"], record["side"], number_of[no])
            for no, record in records.items()
            if "planted" in record
        }
    )
    text = lambda lines: "".join("\t".join(line) + "\n" for line in lines).encode("utf-8")
    return {
        "src/numbers.tsv": text(numbers),
        "csv/demands.csv": csv_bytes(DEMAND_COLUMNS, rows["demand"]),
        "csv/supplies.csv": csv_bytes(SUPPLY_COLUMNS, rows["supply"]),
        "demands.xlsx": demands_book(rows["demand"]),
        "supplies.xlsx": supplies_book(rows["supply"]),
        "qrels.tsv": text((d, "0", s, str(grades[d, s])) for d, s in by_grade),
        "planted.tsv": text(planted),
    }


def main():
    files = build()
    if "--check" in sys.argv[1:]:
        stale = [
            name
            for name, made in files.items()
            if not (HERE / name).exists() or (HERE / name).read_bytes() != made
        ]
        if stale:
            sys.exit(f"out of date: {', '.join(stale)}")
        return
    for name, made in files.items():
        path = HERE / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(made)


if __name__ == "__main__":
    main()
