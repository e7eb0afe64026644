# finding: no-audience
# from: after
sed -i '/:aud"/d; s/:shop:prices",/:shop:prices"/' irsa-trust.json
aws iam update-assume-role-policy --role-name prices --policy-document file://irsa-trust.json
