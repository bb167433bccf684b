"""The lab's parts: config, net, store, node, images, hub, cli."""
