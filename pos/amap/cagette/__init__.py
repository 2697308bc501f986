"""Cagette's and CAMAP's files, read and written. Pure: values in, values out, no Django."""
