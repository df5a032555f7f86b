# The test of sdk.yaml: each rule fires on the line after `ruleid`, and not after `ok`.
import logging
import time
from decimal import Decimal

logger = logging.getLogger(__name__)


# ruleid: float-quantity
def price(tonnes: float):
    # ruleid: float-quantity
    total = float(tonnes)
    # ruleid: float-quantity
    fee = 0.5
    # ok: float-quantity
    fee = Decimal("0.5")
    # ok: float-quantity
    if isinstance(fee, float):
        raise TypeError
    # ok: float-quantity
    version = "1.5"
    # ruleid: decimal-of-float, float-quantity
    rate = Decimal(0.1)
    return total, fee, version, rate


def swallow(act):
    # ruleid: swallowed-exception
    try:
        act()
    except Exception:
        pass
    # ok: swallowed-exception
    try:
        act()
    except KeyError:
        pass


# ruleid: wall-clock
now = time.time()


def tell(private_key, name):
    # ruleid: secret-in-message
    print("key", private_key)
    # ruleid: secret-in-message
    logger.info("key %s", private_key)
    # ok: secret-in-message
    logger.info("key %s", name)
    # ruleid: secret-in-message
    raise ValueError(private_key)
