"""What a person sees while a run or a lab is up.

watching  a session at a terminal, from the first check to the way out
observer  a run under way: a panel on a terminal, plain lines elsewhere
panel     what the display shows at one moment, as lines
display   a few lines at the bottom of a terminal that are drawn anew
units     every service and database, looked at again and again
status    the same as a table
unit_view  that table, drawn again and again
notes     what a lab has to say of itself before it starts
meter     from cumulative readings to what is used just now
classic   the log that users of the original script know
"""
