# finding: not-grown
true
