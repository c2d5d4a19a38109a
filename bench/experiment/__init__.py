"""The only place that knows the order of things: bring targets up, measure cells, keep them."""
