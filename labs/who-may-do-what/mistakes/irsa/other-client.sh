# finding: call-refused
# from: after
# The provider takes tokens that are made for somebody else.
aws iam remove-client-id-from-open-id-connect-provider --client-id sts.amazonaws.com --open-id-connect-provider-arn "$(aws iam list-open-id-connect-providers --query 'OpenIDConnectProviderList[0].Arn' --output text)"
