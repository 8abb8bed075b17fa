"""Sessions that were saved: kept in the database, listed on the page, opened again by id."""
