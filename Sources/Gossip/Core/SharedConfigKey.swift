/// Keys of the mesh's shared configuration, and what their values are.
public enum SharedConfigKey {
    /// ``UsersConfig``. The last writer wins.
    public static let users = "users"
    /// ``GroupsConfig``. Concurrent values are joined; see ``MeshView/groups``.
    public static let groups = "groups"
    /// ``SealedDataKeys``. The last writer wins.
    public static let dataKey = "data-key"
}
