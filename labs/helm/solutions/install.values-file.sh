cat > live.yaml <<END
replicas: 3
title: Live
END
helm upgrade --install test ./site --wait
helm upgrade --install live ./site --values live.yaml --wait
