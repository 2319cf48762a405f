# . ops/keys.sh: asks for an AccessKey, unless the environment has one, and exports it under the names that
# `python -m ops` and `s` read, with its account id. Nothing is stored on disk.
# For temporary credentials, set ALIBABA_CLOUD_SECURITY_TOKEN before.
if [ -z "${ALIBABA_CLOUD_ACCESS_KEY_ID:-}" ]; then
    printf 'AccessKey id: ' >&2
    read -r ALIBABA_CLOUD_ACCESS_KEY_ID
fi
if [ -z "${ALIBABA_CLOUD_ACCESS_KEY_SECRET:-}" ]; then
    printf 'AccessKey secret (not shown): ' >&2
    stty -echo 2>/dev/null || :
    read -r ALIBABA_CLOUD_ACCESS_KEY_SECRET
    stty echo 2>/dev/null || :
    echo >&2
fi
export ALIBABA_CLOUD_ACCESS_KEY_ID ALIBABA_CLOUD_ACCESS_KEY_SECRET
export AccessKeyID="$ALIBABA_CLOUD_ACCESS_KEY_ID" AccessKeySecret="$ALIBABA_CLOUD_ACCESS_KEY_SECRET"
if [ -n "${ALIBABA_CLOUD_SECURITY_TOKEN:-}" ]; then
    export SecurityToken="$ALIBABA_CLOUD_SECURITY_TOKEN"
fi
AccountID=$(python -m ops account) && export AccountID && echo "account $AccountID"
