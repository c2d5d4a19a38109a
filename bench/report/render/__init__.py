"""From a document to what is seen: each form in a module of its own.

terminal  text on a terminal, or in a pipe
fitting   tables in the width that there is
markdown  the same as Markdown
html      one self-contained page with its plots, that opens from disk without a network
flame     the flame graph of a profile, as a page of its own
images    plots as SVG and PNG
library   Vega's own code, for pages that fetch nothing
"""
