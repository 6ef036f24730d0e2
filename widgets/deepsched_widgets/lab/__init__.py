"""Inside the lab: what a person wishes for, the runs that follow, and what there is to say of them. No widget here."""
