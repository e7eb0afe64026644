# finding: no-provider
# from: after
aws iam delete-open-id-connect-provider --open-id-connect-provider-arn "$(aws iam list-open-id-connect-providers --query 'OpenIDConnectProviderList[0].Arn' --output text)"
