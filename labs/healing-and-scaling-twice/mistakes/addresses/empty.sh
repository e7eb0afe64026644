# finding: no-record
# from: after
: > before.txt
