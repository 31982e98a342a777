"""All figures of docs/performance.md in one run, on one site.  Run:  python bench/everything.py"""

import books
import checkout
import generating
import json_list
import listing
import memory
import product
import questionnaire_scoring
import startup
from benchlib import site
from pages import measure

PAGES = (listing, product, json_list)


def main() -> None:
    with site(products=1000, members=checkout.MEMBERS, orders=10_000) as made:
        measure(made, [(page.NAME, page.PATH) for page in PAGES])
        checkout.measure(made)
        startup.measure(made)
        memory.measure(made)
        books.measure(made)
        generating.measure(made)
    questionnaire_scoring.main()


if __name__ == "__main__":
    main()
