# oh-my-qwencoder: keeps OpenCode from asking the network for anything but the model.
# Use it with: . PATH/env.sh
export OPENCODE_DISABLE_MODELS_FETCH=1
export OPENCODE_DISABLE_AUTOUPDATE=1
export OPENCODE_DISABLE_LSP_DOWNLOAD=1
export OPENCODE_DISABLE_SHARE=1
# Requests to the model server go to it, and never to a proxy of this machine's environment.
export NO_PROXY="__HOSTS__${NO_PROXY:+,$NO_PROXY}"
export no_proxy="__HOSTS__${no_proxy:+,$no_proxy}"
