"""Product page: requests a second.  Run:  python bench/product.py"""

from pages import main

NAME, PATH = "product page", "/products/medication-safety"

if __name__ == "__main__":
    main(NAME, PATH)
