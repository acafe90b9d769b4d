// The container and importers come here.
