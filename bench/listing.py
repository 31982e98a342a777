"""Listing page, 20 products: requests a second.  Run:  python bench/listing.py"""

from pages import main

NAME, PATH = "listing page, 20 products", "/products"

if __name__ == "__main__":
    main(NAME, PATH)
