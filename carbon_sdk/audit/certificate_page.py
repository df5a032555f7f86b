"""A holder's copy of a voucher on paper: one A4 page with its fields, a QR code, and the signed file attached.

The QR code holds `carbon-voucher:<code>`: whoever reads it types `carbon voucher verify <code>`. The attachment is the
whole signed copy, byte for byte, so that the printed form and the machine's cannot go apart.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson

from carbon_sdk.audit.vouchers import VoucherKind, from_json
from carbon_sdk.errors import InputError

_TITLES = {
    VoucherKind.TRADE: "Trade",
    VoucherKind.SURRENDER: "Surrender",
    VoucherKind.CANCELLATION: "Voluntary cancellation",
    VoucherKind.AWARD: "Award of an auction",
}
_GREY, _DARK = (105, 112, 120), (24, 32, 40)
_EM = 10  # a tenth of a millimetre: positions are whole numbers of them


def qr_text(code: str) -> str:
    """What the QR code says."""
    return f"carbon-voucher:{code}"


def as_pdf(content: bytes, decimals: int = 2, currency: str = "") -> bytes:
    """The page of a copy that `certificates.check` has found nothing wrong with.

    Args:
        content: The signed copy.
        decimals: Of the currency.
        currency: Its code.

    Raises:
        InputError: The libraries that draw are not installed.
    """
    try:
        import segno
        from fpdf import FPDF
    except ImportError:
        raise InputError("Printing needs fpdf2 and segno: install carbon-sdk[print].") from None
    from carbon_sdk.audit.statements import decimal

    document: dict[str, Any] = orjson.loads(content)
    voucher, code = from_json(document["voucher"]), document["code"]
    when = datetime.fromtimestamp(voucher.at, UTC)
    pdf = FPDF(format="A4", unit="mm")
    pdf.set_creation_date(when)  # the same copy gives the same page
    pdf.set_title(f"Voucher {code}")
    pdf.set_auto_page_break(False)
    pdf.add_page()
    pdf.set_margins(20, 20, 20)
    pdf.set_xy(20, 22)
    pdf.set_text_color(*_GREY)
    pdf.set_font("helvetica", size=11)
    pdf.cell(0, 6, "Voucher certificate", new_x="LMARGIN", new_y="NEXT")
    pdf.set_text_color(*_DARK)
    pdf.set_font("helvetica", style="B", size=24)
    pdf.cell(0, 12, _TITLES.get(voucher.kind, voucher.kind.name.title()), new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("courier", style="B", size=12)
    pdf.cell(0, 8, code, new_x="LMARGIN", new_y="NEXT")

    ceased = int(voucher.receiver, 16) == 0
    money = f"{decimal(voucher.price, decimals)} {currency}".strip()
    amount = f"{decimal(voucher.price * voucher.quantity, decimals)} {currency}".strip()
    lines = [
        ("Concluded", when.strftime("%Y-%m-%d %H:%M:%S UTC")),
        ("Instrument", str(voucher.instrument)),
        ("Quantity", f"{voucher.quantity:,} t CO2e"),
        *([("Price", f"{money} per tonne"), ("Amount", amount)] if voucher.price else []),
        ("From", voucher.sender),
        ("To", "nobody: the units ceased to exist" if ceased else voucher.receiver),
        ("Refers to", f"0x{voucher.ref:x}"),
        ("Place", f"number {voucher.order_of_day} of its day in series {voucher.series} (leaf {voucher.index})"),
    ]
    proof = [
        ("Chain", str(document["chain"])),
        ("Issued by", f"{document['issuer']['name']} {document['issuer']['address']}"),
        ("Proved at", f"block {document['block']['number']}"),
        ("Block hash", document["block"]["hash"]),
        ("Leaf", f"0x{voucher.leaf().hex()}"),
        ("Signed by", document["key"]),
    ]
    for title, rows in (("What was concluded", lines), ("What proves it", proof)):
        pdf.ln(5)
        pdf.set_text_color(*_GREY)
        pdf.set_font("helvetica", style="B", size=10)
        pdf.cell(0, 7, title, new_x="LMARGIN", new_y="NEXT")
        pdf.set_text_color(*_DARK)
        for name, value in rows:
            pdf.set_font("helvetica", size=10)
            pdf.cell(32, 6, name)
            pdf.set_font("courier", size=9)
            pdf.multi_cell(0, 6, value, new_x="LMARGIN", new_y="NEXT", align="L")

    matrix = segno.make(qr_text(code), error="q", micro=False).matrix
    module, left, top = 420 // len(matrix), 200, 2_180
    pdf.set_fill_color(0, 0, 0)
    for row, line in enumerate(matrix):
        for column, dark in enumerate(line):
            if dark:
                x, y = left + column * module, top + row * module
                pdf.rect(_mm(x), _mm(y), _mm(module), _mm(module), style="F")
    pdf.set_xy(70, 222)
    pdf.set_font("helvetica", size=9)
    pdf.set_text_color(*_GREY)
    pdf.multi_cell(
        120,
        5,
        "The signed copy is attached to this file, and proves all of it to whoever trusts the block hash:\n"
        f"carbon voucher verify {code}.json --offline --block-hash {document['block']['hash'][:18]}...\n"
        "With a node, the code alone is enough:\n"
        f"carbon voucher verify {code}",
        align="L",
    )
    pdf.embed_file(
        bytes=content, basename=f"{code}.json", desc="The signed copy", mime_type="application/json", compress=False
    )
    return bytes(pdf.output())


def _mm(tenths: int) -> float:  # nosemgrep -- a place on paper, not a quantity
    return tenths / _EM
