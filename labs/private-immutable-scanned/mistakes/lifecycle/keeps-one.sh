# finding: keeps-too-few
# from: after
aws ecr put-lifecycle-policy --repository-name app --lifecycle-policy-text "$(sed 's/"countNumber": 10/"countNumber": 1/' lifecycle.json)"
