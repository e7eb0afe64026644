# finding: open-to-all
aws ecr set-repository-policy --repository-name app --policy-text "$(sed 's#"AWS": "[^"]*"#"AWS": "*"#' policy.json)"
