# finding: not-scaled
true
