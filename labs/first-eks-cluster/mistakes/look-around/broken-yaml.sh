# finding: answers-unreadable
# from: after
echo 'account: [1, 2' > answers.yaml
