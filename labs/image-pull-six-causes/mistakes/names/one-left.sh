# finding: host-not-ready
for NAME in tag typo; do kubectl set image deployment/$NAME "*=nginx:1.29"; done
for NAME in tag typo; do kubectl rollout status deployment/$NAME --timeout=2m; done
