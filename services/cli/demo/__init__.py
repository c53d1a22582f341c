"""Fills a new installation with two companies, so that there is something to ask and to see."""
