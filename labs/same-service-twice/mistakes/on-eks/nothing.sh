# finding: no-web
true
