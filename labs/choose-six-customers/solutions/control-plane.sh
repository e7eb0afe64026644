cat >> answers.yaml <<END
END
sed -i 's/^factory:.*/factory: self-managed/; s/^factory-reason:.*/factory-reason: control/; s/^shop:.*/shop: eks/; s/^shop-reason:.*/shop-reason: operations/' answers.yaml
