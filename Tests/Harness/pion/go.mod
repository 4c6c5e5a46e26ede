module meshcam/viewer

go 1.19
