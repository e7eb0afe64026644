# finding: no-record
# from: after
rm before.txt
