/// Keys of the mesh's shared configuration, and what their values are.
public enum SharedConfigKey {
    /// ``UsersConfig``.
    public static let users = "users"
    /// ``GroupsConfig``.
    public static let groups = "groups"
}
