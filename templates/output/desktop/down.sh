
set -eu
cd "$(dirname "$0")"
name=%NAME%
KUBECONFIG=$PWD/kubeconfig
export KUBECONFIG
kind delete cluster --name "$name" --kubeconfig "$KUBECONFIG"
rm -f kubeconfig certificate.pem
