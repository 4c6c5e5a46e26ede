/// Which of a camera's streams.
public enum LiveStream: String, Sendable, Hashable, CaseIterable {
    /// What is recorded, at the camera's own size.
    case main
    /// For grids and narrow links (``SmallStreamSettings``).
    case small
}
