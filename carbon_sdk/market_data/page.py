"""One self-contained HTML page of a market's day: prices, book, holdings against obligations, statuses, audit.

No other host is asked for anything and no script runs: pictures are SVG drawn in `pictures`, light or dark as the
reader has it, each with a title, a description and its figures as a table.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal

from carbon_sdk.audit.report import AuditReport
from carbon_sdk.market_data.pictures import coverage_picture, depth_picture, price_picture
from carbon_sdk.market_data.positions import Position
from carbon_sdk.market_data.release import Bulletin, TradePrint
from carbon_sdk.units import format_money, format_tonnes


@dataclass(frozen=True, slots=True)
class MarketDay:
    """One market's part of the page."""

    title: str
    """Such as `UK allowance 2026`."""
    bulletin: Bulletin
    trades: Sequence[TradePrint]


@dataclass(frozen=True, slots=True)
class Page:
    """What the page shows.

    Attributes:
        scheme: Name of the scheme, such as `UK Emissions Trading Scheme`.
        day: The civil day of the market's figures.
        currency: Code of the currency, such as `GBP`.
        decimals: Of the currency.
        utc_offset: Seconds east of UTC, for the times of day.
        markets: The markets, the main one first.
        positions: Companies with an obligation.
        positions_title: Says as of when, such as `after the surrender deadline of 2026`.
        audit: The audit's result; None leaves the section out.
        vouchers: (title, code) of a few vouchers to show.
        next_steps: (what, command) to try.
        notes: Sentences for the foot, such as where the figures come from.
    """

    scheme: str
    day: date
    currency: str = "GBP"
    decimals: int = 2
    utc_offset: int = 0
    markets: Sequence[MarketDay] = ()
    positions: Sequence[Position] = ()
    positions_title: str = ""
    audit: AuditReport | None = None
    vouchers: Sequence[tuple[str, str]] = ()
    next_steps: Sequence[tuple[str, str]] = ()
    notes: Sequence[str] = field(default_factory=tuple)


def render(page: Page) -> str:
    """The page as one HTML document."""
    sections = [
        *(_market(page, market) for market in page.markets),
        _companies(page) if page.positions else "",
        _audit(page.audit) if page.audit else "",
        _vouchers(page) if page.vouchers or page.next_steps else "",
    ]
    title = f"{page.scheme}: {_long(page.day)}"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{_e(title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the figures</a>
<header>
<div>
<p class="over">{_e(page.scheme)}</p>
<h1>Market and compliance report</h1>
<p class="quiet"><time datetime="{page.day.isoformat()}">{_long(page.day)}</time></p>
</div>
{_badge(page.audit) if page.audit else ""}
</header>
<main id="main">
{"".join(sections)}
</main>
<footer>
{"".join(f"<p>{_e(note)}</p>" for note in page.notes)}
<p>Every figure on this page is computed from the events of the chain.</p>
</footer>
</body>
</html>
"""


# SECTIONS


def _market(page: Page, market: MarketDay) -> str:
    bulletin = market.bulletin
    tiles = "".join(
        f"<div class='tile'><dt>{_e(name)}</dt><dd>{value}</dd><dd class='sub'>{sub}</dd></div>"
        for name, value, sub in _tiles(page, bulletin)
    )
    name = f"m{bulletin.market}"
    rows = "".join(
        f"<tr><td>{_clock(trade.at, page.utc_offset)}</td><td class='n'>{trade.price}</td>"
        f"<td class='n'>{trade.tonnes:,}</td><td>{trade.verb}</td>"
        f"<td class='n'>{trade.voucher}</td></tr>"
        for trade in market.trades
    )
    table = _details(
        f"All {len(market.trades)} trades as a table",
        f"<table><thead><tr><th scope='col'>Time</th><th scope='col' class='n'>{_e(page.currency)}/t</th>"
        f"<th scope='col' class='n'>Tonnes</th><th scope='col'>Arriving order</th>"
        f"<th scope='col' class='n'>Voucher</th></tr></thead><tbody>{rows}</tbody></table>",
    )
    return f"""
<section aria-labelledby="{name}">
<h2 id="{name}">{_e(market.title)}</h2>
<dl class="tiles">{tiles}</dl>
<div class="two">
<figure class="wide" tabindex="0"><figcaption>Price and volume</figcaption>
{price_picture(market.trades, page.decimals, page.currency, page.utc_offset, name)}</figure>
<figure><figcaption>Order book at the day’s end</figcaption>
{depth_picture(bulletin.book, page.currency, name)}</figure>
</div>
{table if market.trades else ""}
</section>"""


def _tiles(page: Page, bulletin: Bulletin) -> list[tuple[str, str, str]]:
    def price(value: Decimal | None) -> str:
        return "–" if value is None else f"{value}"

    change = bulletin.change
    if change is None:
        moved = "first day of trading" if bulletin.trades else "no trades"
    elif change == 0:
        moved = f"unchanged from {bulletin.previous_close}"
    else:
        sign, arrow, kind = ("+", "▲", "up") if change > 0 else ("−", "▼", "down")
        moved = f"<span class='{kind}'>{arrow} {sign}{abs(change)}</span> from {bulletin.previous_close}"
    unit = f"<small>{_e(page.currency)}/t</small>"
    spread = bulletin.book.spread
    return [
        ("Close", f"{price(bulletin.close)} {unit}", moved),
        ("Range", f"{price(bulletin.low)} – {price(bulletin.high)}", f"opened at {price(bulletin.open)}"),
        ("Volume", f"{bulletin.tonnes:,} <small>t</small>", f"{bulletin.trades} trades"),
        (
            "Turnover",
            f"{format_money(bulletin.turnover, page.decimals)} <small>{_e(page.currency)}</small>",
            f"average {price(bulletin.average)}",
        ),
        (
            "Orders",
            f"{bulletin.orders_placed:,}",
            f"rested; spread at the end {price(spread)}",
        ),
    ]


def _companies(page: Page) -> str:
    def row(one: Position) -> str:
        penalty = format_money(one.penalty, page.decimals, page.currency) if one.penalty else "–"
        short = format_tonnes(one.shortfall) if one.shortfall else "–"
        return (
            f"<tr><th scope='row'>{_e(one.name)}</th><td class='n'>{one.owed:,}</td>"
            f"<td class='n'>{one.surrendered:,}</td><td class='n'>{one.held + one.in_orders:,}</td>"
            f"<td class='n'>{short}</td><td class='s'>{_chip(one.status)}</td><td class='n'>{penalty}</td></tr>"
        )

    rows = "".join(map(row, page.positions))
    owed = sum(one.owed for one in page.positions)
    given = sum(one.surrendered for one in page.positions)
    short = sum(one.shortfall for one in page.positions)
    covered = sum(one.status == "A" for one in page.positions)
    missing = f", missing {format_tonnes(short)}" if short else ""
    when = f" {_e(page.positions_title)}" if page.positions_title else ""
    return f"""
<section aria-labelledby="companies">
<h2 id="companies">Holdings against obligations{when}</h2>
<p class="lead">{covered} of {len(page.positions)} companies have covered their emissions.
Owed are {format_tonnes(owed)}, surrendered {format_tonnes(given)}{missing}.</p>
<figure class="wide" tabindex="0"><figcaption>Each bar in per cent of the company’s own obligation</figcaption>
{coverage_picture(page.positions)}</figure>
<div class="scroll" tabindex="0" role="region" aria-label="Statuses">
<table>
<caption>Obligations and statuses, in tonnes of CO₂e</caption>
<thead><tr><th scope="col">Company</th><th scope="col" class="n">Owed</th><th scope="col" class="n">Surrendered</th>
<th scope="col" class="n">In hand</th><th scope="col" class="n">Shortfall</th><th scope="col" class="s">Status</th>
<th scope="col" class="n">Open penalty</th></tr></thead>
<tbody>{rows}</tbody>
<tfoot><tr><th scope="row">All</th><td class="n">{owed:,}</td><td class="n">{given:,}</td>
<td class="n">{sum(one.held + one.in_orders for one in page.positions):,}</td>
<td class="n">{format_tonnes(short) if short else "–"}</td><td></td><td></td></tr></tfoot>
</table></div>
<p class="quiet">{_chip("A")} no less surrendered than emitted&ensp;{_chip("B")} less&ensp;{_chip("C")} emissions of a
year are missing</p>
</section>"""


def _audit(report: AuditReport) -> str:
    return f"""
<section aria-labelledby="audit">
<h2 id="audit">Audit</h2>
<p class="lead">All events since the deployment were replayed by code that shares nothing with the code that acted; the
result was compared with the contracts figure by figure.</p>
{report.html()}
</section>"""


def _vouchers(page: Page) -> str:
    codes, steps = _pairs(page.vouchers, "Vouchers"), _pairs(page.next_steps, "What to do next")
    return f"""
<section aria-labelledby="more">
<h2 id="more">{"Vouchers" if codes else "What to do next"}</h2>
{codes}
{"<h3>What to do next</h3>" if codes and steps else ""}
{steps}
</section>"""


def _pairs(pairs: Sequence[tuple[str, str]], label: str) -> str:
    if not pairs:
        return ""
    rows = "".join(f"<tr><th scope='row'>{_e(what)}</th><td><code>{_e(how)}</code></td></tr>" for what, how in pairs)
    return _scroll(f"<table><tbody>{rows}</tbody></table>", label)


def _scroll(inside: str, label: str, kind: str = "scroll") -> str:
    """What may be wider than the page: reachable and movable by keyboard."""
    return f"<div class='{kind}' tabindex='0' role='region' aria-label='{_e(label)}'>{inside}</div>"


def _badge(report: AuditReport) -> str:
    if report.ok:
        return f"<p class='badge good'><strong>Audit: equal</strong><br>{report.compared:,} figures agree</p>"
    return f"<p class='badge bad'><strong>Audit: NOT equal</strong><br>{len(report.lines()):,} findings</p>"


def _chip(status: str) -> str:
    kind = {"A": "good", "B": "bad", "C": "warn"}.get(status, "none")
    meaning = {"A": "covered", "B": "short", "C": "emissions missing"}.get(status, "")
    return f"<span class='chip {kind}' title='{meaning}'>{_e(status)}</span>"


def _details(summary: str, inside: str) -> str:
    return f"<details><summary>{_e(summary)}</summary>{_scroll(inside, summary, 'scroll tall')}</details>"


def _clock(timestamp: int, offset: int) -> str:
    return datetime.fromtimestamp(timestamp + offset, UTC).strftime("%H:%M:%S")


def _long(day: date) -> str:
    return f"{day.day} {day.strftime('%B %Y')}"


def _e(text: str) -> str:
    return html.escape(text)


_STYLE = """
:root{--paper:#fbfaf7;--card:#fff;--ink:#1c2428;--quiet:#5a666c;--line:#dcdfdc;--grid:#e9ebe8;
--main:#1d5a70;--soft:#9dc0cc;--good:#2a6b45;--goodbg:#e3f0e7;--bad:#a2281d;--badbg:#fae6e2;--warn:#7c5a00;--warnbg:#f8ecc8;
--up:#2a6b45;--down:#a2281d;--bid:#3d7a8f;--ask:#b0713d}
@media (prefers-color-scheme:dark){:root{--paper:#12171a;--card:#191f23;--ink:#e6eaeb;--quiet:#9ba7ac;--line:#313a3f;
--grid:#262e32;--main:#7fc0d6;--soft:#35606f;--good:#86cfa2;--goodbg:#1b3326;--bad:#f19a8e;--badbg:#3c1f1b;--warn:#e5c468;
--warnbg:#372d10;--up:#86cfa2;--down:#f19a8e;--bid:#6fb3c8;--ask:#d69a63}}
*{box-sizing:border-box}
html{font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink)}
header,main,footer{width:min(70rem,100% - 2rem);margin:0 auto}
header{display:flex;justify-content:space-between;align-items:flex-end;gap:1rem;flex-wrap:wrap;padding-top:2.5rem;
padding-bottom:1.25rem;border-bottom:3px solid var(--main)}
.over{margin:0;color:var(--main);font-weight:600;letter-spacing:.01em}
h1{margin:.1rem 0 0;font:600 2rem/1.2 Georgia,"Times New Roman",serif}
h2{margin:0 0 .75rem;font:600 1.35rem/1.3 Georgia,"Times New Roman",serif}
h3{margin:1.25rem 0 .5rem;font-size:1rem}
header .quiet{margin:.25rem 0 0}
section{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:1.5rem;margin:1.5rem 0}
.quiet{color:var(--quiet);font-size:.9rem}
.lead{margin:0 0 1rem;max-width:46rem}
.badge{margin:0;padding:.6rem .9rem;border-radius:.4rem;font-size:.9rem;line-height:1.35;border-left:4px solid}
.verdict{padding:.75rem 1rem;border-radius:.4rem;border-left:4px solid}
.good{color:var(--good);background:var(--goodbg);border-color:var(--good)}
.bad{color:var(--bad);background:var(--badbg);border-color:var(--bad)}
.warn{color:var(--warn);background:var(--warnbg);border-color:var(--warn)}
.none{color:var(--quiet);background:var(--grid);border-color:var(--quiet)}
.chip{display:inline-block;min-width:1.7rem;padding:.05rem .5rem;border-radius:1rem;text-align:center;
font-weight:700;font-size:.85rem}
.checks{display:grid;grid-template-columns:repeat(auto-fill,minmax(13rem,1fr));gap:0 2rem;margin:0;padding:0;
list-style:none;font-size:.92rem;font-variant-numeric:tabular-nums}
.checks li{display:flex;justify-content:space-between;padding:.3rem 0;border-bottom:1px solid var(--grid)}
.checks .differ{color:var(--bad);font-weight:600}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(10.5rem,1fr));gap:1px;margin:0 0 1.25rem;
border:1px solid var(--line);border-radius:.4rem;overflow:hidden}
.tile{padding:.75rem 1rem;box-shadow:0 0 0 1px var(--line)}
.tile dt{color:var(--quiet);font-size:.82rem}
.tile dd{margin:.1rem 0 0;font-size:1.3rem;font-weight:600;font-variant-numeric:tabular-nums;white-space:nowrap}
.tile dd.sub{font-size:.82rem;font-weight:400;color:var(--quiet);white-space:normal}
.tile small{font-size:.8rem;font-weight:400;color:var(--quiet)}
.up{color:var(--up)}.down{color:var(--down)}
.two{display:grid;grid-template-columns:minmax(0,1.9fr) minmax(0,1fr);gap:1.5rem;align-items:start}
@media (max-width:56rem){.two{grid-template-columns:1fr}}
figure{margin:0}
figure.wide{overflow-x:auto}
figure.wide svg{min-width:38rem}
figcaption{font-size:.9rem;font-weight:600;margin-bottom:.35rem}
figure.wide+.scroll{margin-top:1.25rem}
svg{display:block;width:100%;height:auto;font-family:inherit}
svg text{fill:var(--quiet);font-size:12px;font-variant-numeric:tabular-nums}
svg text.ink{fill:var(--ink)}
svg .strong{font-weight:600}
svg .grid{stroke:var(--grid);stroke-width:1}
svg .axis{stroke:var(--line);stroke-width:1}
table{border-collapse:collapse;width:100%;font-size:.92rem;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--quiet);font-size:.85rem;padding-bottom:.35rem}
th,td{text-align:left;padding:.4rem .75rem .4rem 0;border-bottom:1px solid var(--grid);vertical-align:baseline}
thead th{color:var(--quiet);font-weight:600;font-size:.82rem;border-bottom:1px solid var(--line)}
tbody th{font-weight:500}
tfoot th,tfoot td{border-bottom:0;border-top:1px solid var(--line);font-weight:600}
.n{text-align:right}
.s{padding-left:1.25rem}
th:last-child,td:last-child{padding-right:0}
.scroll{overflow-x:auto}
.tall{max-height:22rem;overflow-y:auto}
.tall thead th{position:sticky;top:0;background:var(--card)}
details{margin-top:1rem}
summary{cursor:pointer;color:var(--main);font-size:.92rem}
code{font:.86em/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
.wrong{color:var(--bad);padding-left:1.2rem}
footer{color:var(--quiet);font-size:.85rem;padding-bottom:3rem}
.skip{position:absolute;left:-99rem}
.skip:focus{left:1rem;top:1rem;background:var(--card);padding:.5rem 1rem}
:focus-visible{outline:3px solid var(--main);outline-offset:2px}
@media print{:root{--paper:#fff}section{break-inside:avoid;border-color:#ccc}details{display:none}body{font-size:11pt}}
"""
