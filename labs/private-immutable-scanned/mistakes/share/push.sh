# finding: partner-may-push
aws ecr set-repository-policy --repository-name app --policy-text "$(sed 's/\["ecr:BatchCheck/["ecr:PutImage", "ecr:BatchCheck/' policy.json)"
