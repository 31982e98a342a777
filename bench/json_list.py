"""JSON list, 20 products: requests a second.  Run:  python bench/json_list.py"""

from pages import main

NAME, PATH = "JSON list, 20 products", "/api/v1/products"

if __name__ == "__main__":
    main(NAME, PATH)
