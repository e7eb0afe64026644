# finding: no-lifecycle-policy
aws ecr start-lifecycle-policy-preview --repository-name app --lifecycle-policy-text file://lifecycle.json
